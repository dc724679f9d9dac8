//! How the numbers came about, with the noise floors and everything that limits them.

use super::super::units::{bytes, count, percent, time};
use super::escape::{Esc, put};
use super::model::Model;

const RULES: [(&str, &str); 7] = [
    (
        "Verified or nothing",
        "Every repetition’s answer is checked against published numbers or the serial code. An answer that is wrong, missing or unchecked has no time; its row is a failure.",
    ),
    (
        "Fair",
        "All executors run the same workload, cut into the same chunks, built with the same profile of the same toolchain, with the same random numbers. Serial is the best serial code, not the parallel code with one worker.",
    ),
    (
        "Interleaved",
        "In each round every configuration runs once, in a new random order, so that a drifting machine hits all alike. Each call warms up once.",
    ),
    (
        "Paired",
        "An executor is compared with the serial code of the same round. The speedup shown is the ratio of the medians of all samples; its interval is the bootstrap’s 95 % interval of the median of the ratios within rounds (2,000 draws; with fewer than six rounds, of the samples; with fewer than six samples there is none, because then not even their whole range holds the median in 95 of 100 cases).",
    ),
    (
        "Noise floor",
        "The serial code runs twice in each round as two configurations. How far the interval of its ratio to itself reaches from 1 is the workload’s noise floor.",
    ),
    (
        "Verdict",
        "Faster or slower is said only where the interval leaves out 1 and the median ratio leaves the noise floor. All else is no difference; with too few samples nothing is said.",
    ),
    ("Nothing deleted", "No outlier is removed. All samples are in results.jsonl."),
];

pub(super) fn render(model: &Model) -> String {
    let mut out = String::from("<dl class=\"rules\">\n");
    for (name, text) in RULES {
        put!(out, "<div><dt>{name}</dt><dd>{text}</dd></div>\n");
    }
    out.push_str("</dl>\n");
    if !model.manifest.notes.is_empty() {
        out.push_str("<h3>Limits of this run</h3>\n<ul class=\"notes\">\n");
        for note in &model.manifest.notes {
            put!(out, "<li>{}.</li>\n", Esc(note));
        }
        out.push_str("</ul>\n");
    }
    noise_floors(&mut out, model);
    out.push_str("<h3>Settings and machine</h3>\n<dl class=\"facts\">\n");
    for (name, value) in settings(model).into_iter().chain(machine(model)) {
        put!(out, "<div><dt>{name}</dt><dd>{}</dd></div>\n", Esc(&value));
    }
    out.push_str("</dl>\n");
    out
}

fn noise_floors(out: &mut String, model: &Model) {
    if model.aa.is_empty() {
        return;
    }
    out.push_str("<h3>Noise floors</h3>\n<p>The serial code against itself. With nothing to find, the ratio should be 1.</p>\n");
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Noise floors\"><table class=\"plain\"><thead><tr><th scope=\"col\">Workload</th><th scope=\"col\" class=\"n\">A / A</th><th scope=\"col\" class=\"n\">95 % interval</th><th scope=\"col\" class=\"n\">Floor</th><th scope=\"col\" class=\"n\">Samples</th></tr></thead>\n<tbody>\n");
    for aa in &model.aa {
        let interval =
            aa.ci95.map_or_else(|| "too few".to_owned(), |[low, high]| format!("{low:.3} to {high:.3}"));
        let floor = aa.noise_floor.map_or_else(|| "unknown".to_owned(), percent);
        let samples = format!("{} + {}", aa.samples_a_ns.len(), aa.samples_b_ns.len());
        put!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{:.3}</td><td class=\"n\">{interval}</td><td class=\"n\"><b>{floor}</b></td><td class=\"n\">{samples}</td></tr>\n",
            Esc(&aa.workload),
            aa.ratio
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn settings(model: &Model) -> Vec<(&'static str, String)> {
    let options = &model.manifest.options;
    let list = |names: &[String]| if names.is_empty() { "all".to_owned() } else { names.join(", ") };
    let workers: Vec<String> = options.workers.iter().map(ToString::to_string).collect();
    vec![
        ("Inputs", if options.quick { "quick".to_owned() } else { "default".to_owned() }),
        ("Workloads", list(&options.workloads)),
        ("Paradigms", list(&options.paradigms)),
        ("Executors", list(&options.executors)),
        ("Workers", workers.join(", ")),
        ("Chunks", options.parts.to_string()),
        ("Samples aimed at", options.samples.to_string()),
        ("Seed", options.seed.to_string()),
        ("Time", format!("{} s in all, {} s a call", options.budget_seconds, options.timeout_seconds)),
        ("Corpus", options.corpus_bytes.map_or_else(|| "built in".to_owned(), |size| bytes(size as f64))),
    ]
}

fn machine(model: &Model) -> Vec<(&'static str, String)> {
    let manifest = model.manifest;
    let host = &manifest.host;
    let unknown = || "unknown".to_owned();
    let load = |average: Option<[f64; 3]>| {
        average.map_or_else(unknown, |[one, five, fifteen]| format!("{one:.2} {five:.2} {fifteen:.2}"))
    };
    let smt = host.smt.map_or_else(unknown, |on| if on { "on".to_owned() } else { "off".to_owned() });
    vec![
        ("SMT", smt),
        ("Governor", host.governor.clone().unwrap_or_else(unknown)),
        ("cgroup quota", host.cgroup_quota.clone().unwrap_or_else(unknown)),
        ("NUMA", host.numa_nodes.map_or_else(unknown, |nodes| count(nodes, "node"))),
        ("Load at the start", load(manifest.load_average_start)),
        ("Load at the end", load(manifest.load_average_end)),
        (
            "Peak for METG",
            manifest.peak_ns_per_iteration.map_or_else(unknown, |ns| format!("{} per iteration", time(ns))),
        ),
    ]
}
