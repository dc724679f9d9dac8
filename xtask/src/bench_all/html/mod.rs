//! `report.html`: a pure function of the manifest and the rows, one file, nothing from the network.
//!
//! The same input gives the same bytes; whatever is not in the two files is not in the report.

mod chart;
mod efficiency;
mod escape;
mod findings;
mod gaps;
mod head;
mod matrix;
mod messages;
mod method;
mod model;
mod phases;
mod raw;
mod scale;
mod scaling;
mod timeline;

use escape::{Esc, put};
use model::Model;

use super::manifest::Manifest;
use super::row::Row;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The whole page.
pub(super) fn render(manifest: &Manifest, rows: &[Row]) -> String {
    let model = Model::new(manifest, rows);
    let sections = [
        ("matrix", "Which pays", matrix::render(&model)),
        ("scaling", "More workers", scaling::render(&model)),
        ("messages", "Message passing", messages::render(&model)),
        ("metg", "Shorter tasks", efficiency::render(&model)),
        ("timeline", "Who waited", timeline::render(&model)),
        ("phases", "Where the time went", phases::render(&model)),
        ("gaps", "What is missing", gaps::render(&model)),
        ("method", "How it was measured", method::render(&model)),
        ("raw", "All numbers", raw::render(&model)),
    ];
    let mut out = String::with_capacity(1 << 18);
    out.push_str(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:\">\n<link rel=\"icon\" href=\"data:,\">\n",
    );
    put!(
        out,
        "<title>par: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        Esc(&findings::headline(&model))
    );
    out.push_str(&head::render(&model));
    out.push_str("<nav aria-label=\"Sections\"><ul>\n");
    for (id, title, body) in &sections {
        if !body.is_empty() {
            put!(out, "<li><a href=\"#{id}\">{title}</a></li>\n");
        }
    }
    out.push_str("</ul></nav>\n<main>\n");
    for (id, title, body) in &sections {
        if !body.is_empty() {
            put!(
                out,
                "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n{body}</section>\n"
            );
        }
    }
    put!(
        out,
        "</main>\n<footer>Made from <code>manifest.json</code> and <code>results.jsonl</code>; <code>cargo xtask report DIR</code> makes it again, byte for byte.</footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    );
    out
}

#[cfg(test)]
mod tests;
