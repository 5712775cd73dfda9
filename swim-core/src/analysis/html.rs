//! HTML fragments: one look for reports and plans, no scripts, everything escaped.

use std::fmt::Write as _;

/// Replaces the characters that mean something in HTML.
///
/// ```
/// assert_eq!(swim_core::analysis::html::escape("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Builds one fragment.
#[derive(Debug)]
pub struct Html(String);

const STYLE: &str = "<style>.swim{font:14px sans-serif;color:#222}.swim table{border-collapse:collapse}\
.swim td,.swim th{border:1px solid #ccc;padding:4px 8px;text-align:left;vertical-align:top}\
.swim th{background:#f2f2f2}.swim .bad{background:#fbdcdc}.swim .good{background:#ddf3dd}\
.swim .warn{background:#fdf3d0}.swim .unknown{background:#e3e7f0}.swim ol,.swim ul{margin:0;padding-left:1.4em}\
.swim-report li{margin:3px 0;padding:2px 6px;border-radius:3px}</style>";

impl Html {
    /// A fragment with a class of its own.
    #[must_use]
    pub fn new(class: &str) -> Self {
        Self(format!("<div class=\"swim {}\">{STYLE}", escape(class)))
    }

    /// A heading (escaped).
    pub fn heading(&mut self, text: &str) {
        let _ = write!(self.0, "<h3>{}</h3>", escape(text));
    }

    /// A paragraph (escaped).
    pub fn paragraph(&mut self, text: &str) {
        let _ = write!(self.0, "<p>{}</p>", escape(text));
    }

    /// A picture that was drawn here: it is not escaped.
    pub(super) fn picture(&mut self, svg: &str) {
        let _ = write!(self.0, "<p>{svg}</p>");
    }

    /// A table. Heads are escaped, cells are HTML already.
    pub fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        self.0.push_str("<table><thead><tr>");
        for head in heads {
            let _ = write!(self.0, "<th>{}</th>", escape(head));
        }
        self.0.push_str("</tr></thead><tbody>");
        for row in rows {
            self.0.push_str("<tr>");
            for cell in row {
                if cell.starts_with("<td") {
                    self.0.push_str(cell);
                } else {
                    let _ = write!(self.0, "<td>{cell}</td>");
                }
            }
            self.0.push_str("</tr>");
        }
        self.0.push_str("</tbody></table>");
    }

    /// The fragment.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push_str("</div>");
        self.0
    }
}
