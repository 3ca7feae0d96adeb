//! The line that fits best through some points, and how well it does.

/// `y = start + slope * x`, and the share of what moves `y` that it explains.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub start: f64,
    pub slope: f64,
    pub r2: f64,
}

/// By least squares.
#[expect(clippy::cast_precision_loss, reason = "a handful of points")]
pub fn line(points: &[(f64, f64)]) -> Line {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(px, py)| of(px - x, py - y)).sum::<f64>();
    let slope = sum(&|dx, dy| dx * dy) / sum(&|dx, _| dx * dx);
    let left = sum(&|dx, dy| (dy - slope * dx).powi(2));
    Line { start: y - slope * x, slope, r2: 1.0 - left / sum(&|_, dy| dy * dy) }
}
