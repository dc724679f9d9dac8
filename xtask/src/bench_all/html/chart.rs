//! The frame of a line chart as inline SVG, and the marks in it.

use super::escape::{Esc, put};
use super::model::Series;
use super::scale::Scale;

pub(super) const WIDTH: f64 = 320.0;
pub(super) const HEIGHT: f64 = 244.0;
pub(super) const LEFT: f64 = 42.0;
pub(super) const RIGHT: f64 = 308.0;
pub(super) const TOP: f64 = 22.0;
pub(super) const BOTTOM: f64 = 206.0;

/// A chart while it is drawn.
#[derive(Debug)]
pub(super) struct Chart {
    out: String,
}

impl Chart {
    /// An empty chart; `id` is unique on the page.
    pub(super) fn new(id: &str, title: &str, description: &str) -> Self {
        let mut out = String::new();
        put!(
            out,
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n"
        );
        put!(
            out,
            "<title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>\n",
            Esc(title),
            Esc(description)
        );
        Self { out }
    }

    /// What the vertical axis shows, above its end.
    pub(super) fn vertical(&mut self, label: &str, ticks: &[(f64, String)]) {
        put!(self.out, "<text class=\"axis\" x=\"4\" y=\"11\">{}</text>\n", Esc(label));
        for (y, text) in ticks {
            put!(self.out, "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
            put!(
                self.out,
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                LEFT - 6.0,
                y + 3.5,
                Esc(text)
            );
        }
    }

    /// What the horizontal axis shows, below it.
    pub(super) fn horizontal(&mut self, label: &str, ticks: &[(f64, String)]) {
        put!(self.out, "<path class=\"base\" d=\"M{LEFT} {BOTTOM}H{RIGHT}\"/>\n");
        for (x, text) in ticks {
            put!(self.out, "<path class=\"base\" d=\"M{x:.1} {BOTTOM}v4\"/>");
            put!(
                self.out,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
                BOTTOM + 16.0,
                Esc(text)
            );
        }
        put!(
            self.out,
            "<text class=\"axis\" x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            HEIGHT - 6.0,
            Esc(label)
        );
    }

    /// A line to compare with, named at its end.
    pub(super) fn reference(&mut self, points: &[(f64, f64)], name: &str) {
        put!(self.out, "<path class=\"reference\" d=\"{}\"/>", path(points));
        if let Some((x, y)) = points.last() {
            put!(
                self.out,
                "<text class=\"name\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                y - 4.0,
                Esc(name)
            );
        }
    }

    /// An executor's line through its points.
    pub(super) fn line(&mut self, series: &Series, points: &[(f64, f64)]) {
        put!(
            self.out,
            "<path class=\"line {}\" stroke-dasharray=\"{}\" d=\"{}\"/>\n",
            series.class(),
            series.dashes(),
            path(points)
        );
    }

    /// An interval at a point, from `low` to `high`.
    pub(super) fn interval(&mut self, series: &Series, x: f64, low: f64, high: f64) {
        put!(
            self.out,
            "<path class=\"interval {}\" d=\"M{x:.1} {low:.1}V{high:.1}M{:.1} {low:.1}h5M{:.1} {high:.1}h5\"/>",
            series.class(),
            x - 2.5,
            x - 2.5
        );
    }

    /// A point in the executor's own shape; `tip` is shown when it is pointed at.
    pub(super) fn mark(&mut self, series: &Series, x: f64, y: f64, tip: &str) {
        put!(
            self.out,
            "<path class=\"mark {}\" d=\"{}\"><title>{}</title></path>\n",
            series.class(),
            shape(series.index, x, y),
            Esc(tip)
        );
    }

    /// A ring with a plumb line down to the axis.
    pub(super) fn ring(&mut self, series: &Series, x: f64, y: f64, tip: &str) {
        let class = series.class();
        put!(self.out, "<path class=\"plumb {class}\" d=\"M{x:.1} {y:.1}V{BOTTOM}\"/>");
        put!(
            self.out,
            "<circle class=\"ring {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\"><title>{}</title></circle>\n",
            Esc(tip)
        );
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

/// The vertical axis' scale: values from 0 to `high`, upwards.
pub(super) fn upwards(high: f64) -> Scale {
    Scale::linear(0.0, high, BOTTOM, TOP)
}

/// The executors' colours, shapes and names.
pub(super) fn legend(series: &[Series]) -> String {
    let mut out = String::from("<ul class=\"legend\">\n");
    for one in series {
        put!(
            out,
            "<li class=\"{}\"><svg viewBox=\"0 0 28 12\" aria-hidden=\"true\"><path class=\"line\" stroke-dasharray=\"{}\" d=\"M0 6H28\"/><path class=\"mark\" d=\"{}\"/></svg>{} <span>{}</span></li>\n",
            one.class(),
            one.dashes(),
            shape(one.index, 14.0, 6.0),
            Esc(&one.executor),
            Esc(&one.paradigm)
        );
    }
    out.push_str("</ul>\n");
    out
}

fn path(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        put!(out, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    out
}

/// Circle, square, triangle, diamond, upside-down triangle: who cannot tell colours can tell shapes.
fn shape(index: usize, x: f64, y: f64) -> String {
    match index % 5 {
        0 => format!("M{:.1} {y:.1}a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0Z", x - 3.4),
        1 => format!("M{:.1} {:.1}h6v6h-6Z", x - 3.0, y - 3.0),
        2 => format!("M{x:.1} {:.1}l3.9 6.8h-7.8Z", y - 4.2),
        3 => format!("M{x:.1} {:.1}l4.3 4.3l-4.3 4.3l-4.3 -4.3Z", y - 4.3),
        _ => format!("M{x:.1} {:.1}l3.9 -6.8h-7.8Z", y + 4.2),
    }
}
