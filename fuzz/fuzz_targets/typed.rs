#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tower_wechat_fuzz::bodies::typed(data));
