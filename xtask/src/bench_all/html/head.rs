//! The top of the page: title, findings, machine.

use super::super::units::{bytes, count};
use super::escape::{Esc, put};
use super::findings;
use super::model::Model;

pub(super) fn render(model: &Model) -> String {
    let manifest = model.manifest;
    let mut out = String::from("<header>\n");
    let scope = if manifest.options.quick { "quick run, small inputs" } else { "full run" };
    put!(out, "<p class=\"eyebrow\"><b>par</b> one workload, every paradigm <span>{scope}</span></p>\n");
    put!(out, "<h1>{}.</h1>\n", Esc(&unbroken(&findings::headline(model))));
    if manifest.interrupted {
        out.push_str("<p class=\"banner\" role=\"alert\"><b>Interrupted.</b> This run was stopped before its end; what is here was measured and verified, the rest is missing.</p>\n");
    }
    out.push_str("<ul class=\"findings\">\n");
    for sentence in findings::sentences(model) {
        put!(out, "<li>{}</li>\n", Esc(&unbroken(&sentence)));
    }
    out.push_str("</ul>\n<dl class=\"facts\">\n");
    for (name, value) in facts(model) {
        put!(out, "<div><dt>{name}</dt><dd>{}</dd></div>\n", Esc(&value));
    }
    out.push_str("</dl>\n</header>\n");
    out
}

fn facts(model: &Model) -> Vec<(&'static str, String)> {
    let manifest = model.manifest;
    let host = &manifest.host;
    let mut machine = vec![host.cpu.clone(), count(host.cores, "core")];
    if let Some(online) = host.cores_online.filter(|online| *online != host.cores) {
        machine.push(format!("{online} online"));
    }
    machine.extend(host.memory_bytes.map(|memory| bytes(memory as f64)));
    let mut system: Vec<String> = host.kernel.iter().map(|kernel| format!("Linux {kernel}")).collect();
    system.push(host.architecture.clone());
    let commit = manifest.commit.as_deref().map_or("unknown", |commit| commit.get(..12).unwrap_or(commit));
    let dirty = if manifest.dirty == Some(true) { " with uncommitted changes" } else { "" };
    vec![
        ("Machine", machine.join(" · ")),
        ("System", system.join(" · ")),
        ("Toolchain", manifest.toolchain.clone()),
        ("Commit", format!("{commit}{dirty}")),
        ("Measured", format!("{} to {}", manifest.started, manifest.ended)),
    ]
}

/// No line breaks between a number and what it counts.
fn unbroken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let after_number = out.ends_with(|last: char| last.is_ascii_digit());
        out.push(if character == ' ' && after_number { '\u{a0}' } else { character });
    }
    out
}
