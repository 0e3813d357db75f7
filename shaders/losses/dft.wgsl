// Negative log-likelihood of a token, times its probability, which is held fixed.

fn value(logp: f32) -> f32 { return -exp(logp) * logp; }

fn slope(logp: f32) -> f32 { return -exp(logp); }
