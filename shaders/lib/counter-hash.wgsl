// Random numbers from counters: the counterHash of src/losses/draw.ts, fed one counter at a time from 0 on.

/// Takes one more counter into a hash.
fn counter_hash(hash: u32, counter: u32) -> u32 {
  var h = hash * 31u + counter + 0x9e3779b9u;
  h = (h ^ (h >> 16u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) * 0xc2b2ae35u;
  return h ^ (h >> 16u);
}
