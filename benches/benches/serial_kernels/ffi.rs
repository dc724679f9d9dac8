//! The peer whose interface is pointers.

/// PRK's matrices, multiplied by the `matrixmultiply` crate.
pub(crate) fn dgemm(n: usize, products: usize) -> Vec<f64> {
    let a: Vec<f64> = (0..n * n).map(|index| (index % n) as f64).collect();
    let b = a.clone();
    let mut c = vec![0.0; n * n];
    let stride = n as isize;
    for _ in 0..products {
        // SAFETY: all three matrices hold n×n doubles in rows of n, and C overlaps neither A nor B.
        unsafe {
            matrixmultiply::dgemm(
                n,
                n,
                n,
                1.0,
                a.as_ptr(),
                stride,
                1,
                b.as_ptr(),
                stride,
                1,
                1.0,
                c.as_mut_ptr(),
                stride,
                1,
            );
        }
    }
    c
}
