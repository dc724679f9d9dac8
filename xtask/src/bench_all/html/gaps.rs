//! What is not in the tables, and why: absent executors and failed runs.

use super::escape::{Esc, put};
use super::model::Model;

pub(super) fn render(model: &Model) -> String {
    let mut out = String::new();
    failed(&mut out, model);
    absent(&mut out, model);
    if out.is_empty() {
        out.push_str(
            "<p class=\"lead\">Nothing: every executor is there, and every run gave a verified answer.</p>\n",
        );
    }
    out
}

fn failed(out: &mut String, model: &Model) {
    if model.failed.is_empty() {
        return;
    }
    out.push_str("<h3>Failed</h3>\n<p>These ran and gave no verified answer, so they have no time.</p>\n");
    open(out, "Failed runs", &["What", "Executor", "Workers", "Reason"]);
    for row in &model.failed {
        let what = if row.what.is_empty() {
            row.stage.name().to_owned()
        } else {
            format!("{} ({})", row.what, row.stage.name())
        };
        let workers = row.workers.map_or_else(|| "—".to_owned(), |count| count.to_string());
        let name = name(&row.paradigm, &row.executor);
        put!(
            out,
            "<tr class=\"failed\"><th scope=\"row\">{}</th><td>{name}</td><td>{workers}</td><td class=\"wrap\">{}</td></tr>\n",
            Esc(&what),
            Esc(&row.reason)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn absent(out: &mut String, model: &Model) {
    if model.absent.is_empty() {
        return;
    }
    out.push_str("<h3>Absent on this machine</h3>\n");
    open(out, "Absent executors", &["Executor", "Why", "To get it"]);
    for row in &model.absent {
        let name = name(&row.paradigm, &row.executor);
        put!(
            out,
            "<tr><th scope=\"row\">{name}</th><td class=\"wrap\">{}</td><td class=\"wrap\"><code>{}</code></td></tr>\n",
            Esc(&row.reason),
            Esc(&row.remedy)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn open(out: &mut String, label: &str, columns: &[&str]) {
    put!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">\n<table class=\"plain\"><thead><tr>"
    );
    for column in columns {
        put!(out, "<th scope=\"col\">{column}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
}

fn name(paradigm: &str, executor: &str) -> String {
    if executor == "*" {
        format!("all of <b>{}</b>", Esc(paradigm))
    } else {
        format!("<b>{}</b> <span>{}</span>", Esc(executor), Esc(paradigm))
    }
}
