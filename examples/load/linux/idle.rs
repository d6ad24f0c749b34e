//! Measures the memory of idle connections.

use tower_wechat::BoxError;

use super::client::{BUFFER, connect, exchange};
use super::machine::Cpus;
use super::pushes::Author;
use super::rounds::Target;
use super::server::Name;

/// Opens connections to a new server, and prints the memory that they take.
pub(crate) async fn run(connections: usize, cpus: Cpus) -> Result<(), BoxError> {
    let target = Target::own(Name::Plaintext, None, cpus)?;
    // The same push over every connection: new ones would be remembered and take memory too.
    let pushes = target.pushes(&mut Author::new()?, 1)?;
    let push = pushes.get(0).unwrap_or_default();
    let mut buffer = vec![0; BUFFER];
    let mut streams = Vec::with_capacity(connections + 1);
    let mut before = 0;
    for open in 0..=connections {
        let mut stream = connect(target.port).await?;
        let complaint = exchange(&mut stream, &mut buffer, push, target.expected()).await?;
        if let Some(complaint) = complaint {
            return Err(format!("{}: {complaint}", target.name).into());
        }
        streams.push(stream);
        if open == 0 {
            before = target.resident()?;
        }
    }
    let after = target.resident()?;
    let each = after.saturating_sub(before) as f64 / connections as f64;
    println!(
        "\nMemory of `{}` with {connections} idle connections: {:.1} MiB before, {:.1} MiB with \
         them, {:.1} KiB each.",
        target.name,
        before as f64 / 1_048_576.0,
        after as f64 / 1_048_576.0,
        each / 1024.0,
    );
    Ok(())
}
