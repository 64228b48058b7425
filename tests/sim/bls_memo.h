// Signatures and verdicts remembered. A simulation spends nearly all its time in BLS, and asks the same again: writer
// and chain verify the same certificate, and other seeds store the same contents in the same epochs.
//
// This program is linked with `--wrap` for bls::verify(), verify_aggregate(), SecretKey::sign() and public_key():
// whoever calls them from another file comes here first. They are pure: key, message and signature decide all of the
// answer, and all of that is what is looked up, good and bad verdicts alike. The code that calls them knows nothing.
//
// Safe to call from any thread. Bounded: a full table is emptied.
#pragma once

#include <cstdint>

namespace walrusfs::sim {

// Of signatures and verdicts.
struct MemoCounts {
  uint64_t asked = 0, remembered = 0;
};
MemoCounts memo_counts();

}  // namespace walrusfs::sim
