// Starts all callers of a client at once, and prints the outcome of each.
'use strict';

const upstream = process.env.UPSTREAM;
const callers = Number(process.env.CALLERS);

async function herd({ token, call }) {
  const dead = process.env.CASE === 'dead';
  if (dead) {
    await token();
    await fetch(upstream + '/kill');
  }
  const once = dead ? call : token;
  const start = performance.now();
  const caller = () =>
    once().then(
      () => (performance.now() - start).toFixed(3),
      (error) => `error ${error.code || error.name}`,
    );
  const lines = await Promise.all(Array.from({ length: callers }, caller));
  process.stdout.write(lines.join('\n') + '\n', () => process.exit());
}

module.exports = { herd, upstream };
