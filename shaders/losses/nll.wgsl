// Negative log-likelihood of a token.

fn value(logp: f32) -> f32 { return -logp; }

fn slope(logp: f32) -> f32 { return -1.0; }
