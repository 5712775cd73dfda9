//! No text makes a parser panic, and long lines take time in proportion.

use std::time::Duration;

use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};

use super::{operations, redundancy, state, versions};
use crate::platform::parse::{boot_statements, known_commands, parse_output};

const FIXTURES: &[&str] = &[
    versions::CLASSIC_STACK,
    state::XE_STACK_BOOT,
    state::DIR,
    state::FILE_SYSTEMS,
    redundancy::STACK,
    operations::SUMMARY,
    operations::INSTALL,
];

fn read_with_all(text: &str) {
    for command in known_commands() {
        parse_output("iosxe_install", command, text).unwrap();
    }
    let _ = boot_statements(text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text(text in any::<String>()) {
        read_with_all(&text);
    }

    #[test]
    fn words_of_the_formats(words in prop::collection::vec(prop::sample::select(vec![
        "Version ", "(", ")", ",", ":", "=", "%", "-", "[", "]", "]?", "*1 ", "BOOT", " variable", "NAME:", "PID:", "SN:", "VID:", "\n", "\r", " ", "  ",
        "SUCCESS:", "bytes of memory", "K bytes of ", "with ", "cisco ", "Image Version =", "Verified ", "Embedded Hash SHA2:", "0123456789abcdef",
        "99999999999999999999999", "ü", "\u{2028}", "Switch ", "Slot State\n", "at ", "Mar 1 1993 00:00:00 ", "-rw- ", "\"",
    ]), 0..60)) {
        read_with_all(&words.concat());
    }

    #[test]
    fn a_fixture_with_a_piece_cut_out_or_put_in(which in 0..FIXTURES.len(), from in 0.0..1.0, to in 0.0..1.0, put in "\\PC{0,4}") {
        let chars: Vec<char> = FIXTURES[which].chars().collect();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let at = |f: f64| (f * chars.len() as f64) as usize;
        let (from, to) = (at(f64::min(from, to)), at(f64::max(from, to)));
        let text: String = chars[..from].iter().copied().chain(put.chars()).chain(chars[to..].iter().copied()).collect();
        read_with_all(&text);
    }
}

/// What ten times the text may take: ten times the time, and some for the caches. A quadratic parser takes a hundred times.
const GROWTH: u32 = 30;
/// Times below this are of the machine, and not of the parser.
const NOISE: Duration = Duration::from_millis(100);

/// One command for each parser: names that share one are left out.
fn parsers() -> impl Iterator<Item = &'static str> {
    let twin = |c: &str| {
        (c.starts_with("install_") && c != "install_add")
            || ["request_platform_software", "copy_from_device", "show_boot_system", "show_bootvar", "show_chassis"]
                .contains(&c)
            || ["show_switch_detail", "show_install_active", "show_install_committed", "show_install_inactive"]
                .contains(&c)
            || c == "show_install_uncommitted"
    };
    known_commands().filter(move |c| !twin(c))
}

/// How long this thread was on a core: others use the machine as well.
fn on_core() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn took(command: &str, text: &str) -> Duration {
    let begun = on_core();
    parse_output("ios", command, text).unwrap();
    on_core() - begun
}

fn read_in_time(text: &str) {
    let tenth: String = text.chars().take(text.chars().count() / 10).collect();
    for command in parsers() {
        let (small, whole) = (took(command, &tenth), took(command, text));
        let head = text.chars().take(40).collect::<String>();
        assert!(whole < small * GROWTH + NOISE, "{command} on {head:?}: {whole:?}, a tenth of it {small:?}");
    }
}

#[test]
fn a_megabyte_of_one_line() {
    let texts = [
        ("", "a"),
        ("", "x)Version "),
        ("Cisco IOS (", "Version "),
        ("Cisco IOS Software ", ")Version "),
        ("", "%A-1-B:"),
        ("copy ", "[]!"),
        ("    1  -rw- ", "12 "),
        ("* ", "1  x "),
        ("BOOT variable = ", "1,;"),
        ("NAME: ", "\"NAME:"),
        ("", "00:00:0"),
        ("System image file is ", "\""),
    ];
    for (start, piece) in texts {
        read_in_time(&format!("{start}{}", piece.repeat(1_000_000 / piece.len())));
    }
}

#[test]
fn a_megabyte_of_short_lines() {
    let lines = [
        "\n",
        "Switch Ports Model\n*1 1 a b c\n",
        "Switch 7\nBOOT variable = a\n",
        "[ R0 ] Installed Package(s)\nIMG C 1\n",
        "NAME: \"Chassis\", DESCR: \"x\"\n",
        "Embedded Hash SHA2: 0123456789\n0123456789\n",
    ];
    for line in lines {
        read_in_time(&line.repeat(1_000_000 / line.len()));
    }
}
