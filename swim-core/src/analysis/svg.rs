//! The outcome of an analysis as one picture: how many devices have which verdict, and what was found most often.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::html::escape;
use super::{Report, Severity, Verdict};

const WIDTH: usize = 760;
const MARGIN: usize = 24;
/// Where bars begin: labels of the longest codes end before it.
const BARS: usize = 270;
/// The longest bar; its number stands behind it.
const LONGEST: usize = WIDTH - BARS - MARGIN - 110;
/// Where the first bar is, and what lies between the last verdict and the first finding.
const FIRST: usize = 106;
const GAP: usize = 48;
const ROW: usize = 26;
const BAR: usize = 16;
/// Findings that are shown.
const TOP: usize = 8;
/// Characters of a label and of the heading that fit.
const LABEL: usize = 34;
const HEADING: usize = 74;

/// Verdicts in the order of the picture, the good ones first.
const VERDICTS: [Verdict; 4] =
    [Verdict::Compatible, Verdict::CompatibleWithWarnings, Verdict::Unknown, Verdict::Incompatible];

const fn verdict_colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Compatible => "#2e7d4f",
        Verdict::CompatibleWithWarnings => "#c98a00",
        Verdict::Unknown => "#6b7690",
        Verdict::Incompatible => "#b3261e",
    }
}

const fn severity_colour(severity: Severity) -> &'static str {
    verdict_colour(match severity {
        Severity::Pass => Verdict::Compatible,
        Severity::Warning => Verdict::CompatibleWithWarnings,
        Severity::Unknown => Verdict::Unknown,
        Severity::Blocking => Verdict::Incompatible,
    })
}

/// A finding over all devices.
struct Often<'a> {
    code: &'a str,
    devices: usize,
    worst: Severity,
}

/// The findings that most devices have, passes left out; each device counts once.
fn often(report: &Report) -> Vec<Often<'_>> {
    let mut seen: BTreeMap<&str, (usize, Severity)> = BTreeMap::new();
    for device in &report.devices {
        let mut own: BTreeMap<&str, Severity> = BTreeMap::new();
        for f in device.findings.iter().filter(|f| f.severity != Severity::Pass) {
            let worst = own.entry(&f.code).or_insert(f.severity);
            *worst = f.severity.max(*worst);
        }
        for (code, severity) in own {
            let (devices, worst) = seen.entry(code).or_insert((0, severity));
            *devices += 1;
            *worst = severity.max(*worst);
        }
    }
    let mut all: Vec<_> = seen.into_iter().map(|(code, (devices, worst))| Often { code, devices, worst }).collect();
    all.sort_by_key(|o| (std::cmp::Reverse(o.devices), std::cmp::Reverse(o.worst), o.code));
    all
}

pub(super) fn draw(report: &Report) -> String {
    let counts = report.counts();
    let total = report.devices.len();
    let all = often(report);
    let shown = all.get(..TOP.min(all.len())).unwrap_or_default();
    let heading = format!("{} ({})", report.file_name, report.version.as_deref().unwrap_or("version unknown"));
    let height = FIRST + ROW * VERDICTS.len() + GAP + ROW * shown.len().max(1) + 10;

    let mut out = String::new();
    let key: String = report.image.to_string().chars().take(12).collect();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"swim-{key}-title swim-{key}-desc\" style=\"max-width:100%;height:auto\" \
         font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"13\">\
         <title id=\"swim-{key}-title\">Upgrade analysis of {}</title><desc id=\"swim-{key}-desc\">{}</desc>\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"#ffffff\" stroke=\"#d0d4dc\"/>",
        escape(&heading),
        escape(&in_words(report, &all)),
        WIDTH - 1,
        height - 1,
    );
    text(&mut out, MARGIN, 36, "font-size=\"17\" font-weight=\"600\" fill=\"#1c2330\"", "Upgrade analysis");
    text(&mut out, MARGIN, 58, "fill=\"#4a5263\"", &cut(&heading, HEADING));

    section(&mut out, 92, &format!("Verdicts of {}", devices(total)));
    let mut y = FIRST;
    for verdict in VERDICTS {
        let count = counts.get(&verdict).copied().unwrap_or(0);
        let share = if total == 0 { 0.0 } else { 100.0 * count as f64 / total as f64 };
        let number = format!("{count} ({share:.0} %)");
        let (label, colour) = (verdict.to_string(), verdict_colour(verdict));
        bar(&mut out, y, &Bar { label: &label, code: false, count, of: total, number, colour });
        y += ROW;
    }

    y += GAP - 14;
    let more = all.len() - shown.len();
    let what = if more == 0 { String::new() } else { format!(" (the first {TOP} of {})", all.len()) };
    section(&mut out, y, &format!("Findings by number of devices{what}"));
    y += 14;
    if shown.is_empty() {
        text(&mut out, MARGIN, y + 14, "fill=\"#4a5263\"", "Nothing was found against any device.");
    }
    for o in shown {
        let (number, colour) = (o.devices.to_string(), severity_colour(o.worst));
        bar(&mut out, y, &Bar { label: o.code, code: true, count: o.devices, of: total, number, colour });
        y += ROW;
    }
    out.push_str("</svg>");
    out
}

/// For those who do not see the picture.
fn in_words(report: &Report, all: &[Often<'_>]) -> String {
    let counts = report.counts();
    let verdicts: Vec<_> = VERDICTS.iter().map(|v| format!("{} {v}", counts.get(v).copied().unwrap_or(0))).collect();
    let codes: Vec<_> = all.iter().take(TOP).map(|o| format!("{} on {}", o.code, o.devices)).collect();
    let found = if codes.is_empty() { "none".to_owned() } else { codes.join(", ") };
    format!("{}: {}. Most frequent findings: {found}.", devices(report.devices.len()), verdicts.join(", "))
}

pub(super) fn devices(count: usize) -> String {
    if count == 1 { "1 device".to_owned() } else { format!("{count} devices") }
}

fn section(out: &mut String, y: usize, heading: &str) {
    text(out, MARGIN, y, "font-weight=\"600\" fill=\"#1c2330\"", heading);
}

fn text(out: &mut String, x: usize, y: usize, how: &str, what: &str) {
    let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" {how}>{}</text>", escape(what));
}

/// A line of the picture.
struct Bar<'a> {
    label: &'a str,
    /// Is the label a code?
    code: bool,
    count: usize,
    of: usize,
    /// What stands behind the bar.
    number: String,
    colour: &'static str,
}

/// A label, a bar on its track, and a number behind it.
fn bar(out: &mut String, y: usize, line: &Bar<'_>) {
    let Bar { label, code, count, of, ref number, colour } = *line;
    let length = if of == 0 { 0 } else { (LONGEST * count).div_ceil(of).min(LONGEST) };
    let face = if code { "font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\" font-size=\"12\" " } else { "" };
    let _ = write!(out, "<g><title>{}: {}</title>", escape(label), escape(number));
    text(out, MARGIN, y + BAR - 3, &format!("{face}fill=\"#1c2330\""), &cut(label, LABEL));
    let _ = write!(
        out,
        "<rect x=\"{BARS}\" y=\"{y}\" width=\"{LONGEST}\" height=\"{BAR}\" rx=\"2\" fill=\"#eef0f4\"/>\
         <rect x=\"{BARS}\" y=\"{y}\" width=\"{length}\" height=\"{BAR}\" rx=\"2\" fill=\"{colour}\"/>"
    );
    text(out, BARS + LONGEST + 10, y + BAR - 3, "fill=\"#1c2330\"", number);
    out.push_str("</g>");
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use crate::analysis::{DeviceReport, Finding, Report, Severity};
    use crate::model::{DeviceId, Sha256};

    fn report(devices: Vec<(&str, Vec<Finding>)>) -> Report {
        let devices =
            devices.into_iter().map(|(id, findings)| DeviceReport::new(DeviceId::new(id).unwrap(), findings)).collect();
        Report {
            schema: Report::SCHEMA,
            image: Sha256::of(b"x"),
            file_name: "a<b>&\"c.bin".into(),
            version: None,
            devices,
        }
    }

    fn finding(code: impl Into<std::borrow::Cow<'static, str>>, severity: Severity) -> Finding {
        Finding::new(code, severity, "said")
    }

    #[test]
    fn each_device_counts_once_and_all_is_escaped() {
        let svg = report(vec![
            (
                "sw1",
                vec![finding("flash.too_small", Severity::Blocking), finding("flash.too_small", Severity::Warning)],
            ),
            ("sw2", vec![finding("flash.too_small", Severity::Warning), finding("x<y>", Severity::Unknown)]),
            ("sw3", vec![finding("ram.too_small", Severity::Pass)]),
        ])
        .svg();
        assert!(svg.contains("flash.too_small on 2, x&lt;y&gt; on 1"), "{svg}");
        assert!(
            svg.contains("3 devices: 1 compatible, 0 compatible with warnings, 1 unknown, 1 incompatible"),
            "{svg}"
        );
        assert!(svg.contains("a&lt;b&gt;&amp;&quot;c.bin"));
        assert!(!svg.contains("x<y>") && !svg.contains("a<b>") && !svg.contains("<script"));
        assert!(!svg.contains("ram.too_small"), "a pass is nothing against a device");
    }

    #[test]
    fn nothing_and_much_can_be_drawn() {
        assert!(report(vec![]).svg().contains("Nothing was found"));
        let codes: Vec<_> =
            (0..20).map(|n| finding(format!("rule.{n:02}{}", "é".repeat(90)), Severity::Warning)).collect();
        let svg = report(vec![("sw1", codes)]).svg();
        assert!(svg.contains("(the first 8 of 20)") && svg.contains('…'));
    }
}
