//! Is analysis supported on this product at all, and may images be distributed to it?

use crate::analysis::{Answer, Finding, Process, Product, Severity, Subject, support};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let family = s.image.facts.family.as_ref().map(|f| f.value.as_str());
    let product = Product { family, ..Product::of(s.inventory) };
    let mut out = Vec::new();
    let told = support(&product, Process::Analysis);
    if told.answer == Answer::No {
        let why = told.why.unwrap_or_default();
        out.push(
            Finding::unknown(
                "support.analysis",
                "requirements of the product",
                format!("upgrade analysis is not supported on this product: {why}"),
            )
            .compared(told.product.unwrap_or_default(), "a product with requirements")
            .from(told.source.unwrap_or_default())
            .remedy("read the vendor's release notes, then accept support.analysis"),
        );
    }
    let told = support(&product, Process::Distribution);
    if told.answer == Answer::No {
        let why = told.why.unwrap_or_default();
        let message = format!("images are not distributed to this product: {why}");
        let found = Finding::new("support.distribution", Severity::Blocking, message);
        out.push(found.from(told.source.unwrap_or_default()));
    }
    out
}
