// The parsers of Sui's bytes: transactions, types, objects, signatures. What parses writes itself back byte for byte.
#include "base/check.h"
#include "client/sui/keys.h"
#include "client/sui/objects.h"

namespace walrusfs::sui {
namespace {

void transaction_parser(ByteView input) {
  const auto parsed = TransactionData::decode(input);
  if (parsed.ok()) WFS_CHECK(equal(parsed->encode(), input));
}

template <typename T>
void object_parser(ByteView input) {
  const auto parsed = bcs_decode<T>(input, "an object");
  if (parsed.ok()) WFS_CHECK(equal(bcs_encode(*parsed), input));
}

void text_parsers(ByteView input) {
  if (const auto type = TypeTag::parse(as_text(input)); type.ok())
    WFS_CHECK(TypeTag::parse(type->to_string()).value() == *type);
  if (const auto digest = SuiDigest::parse(as_text(input)); digest.ok())
    WFS_CHECK(digest->to_string() == as_text(input));
  (void)Keypair::parse(as_text(input)).ok();
}

}  // namespace
}  // namespace walrusfs::sui

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs::sui;
  if (size == 0) return 0;
  const walrusfs::ByteView input(data + 1, size - 1);
  switch (data[0] % 6) {
    case 0: transaction_parser(input); break;
    case 1: object_parser<Field<uint64_t, SystemStateInner>>(input); break;
    case 2: object_parser<StakingPool>(input); break;
    case 3: object_parser<TypeTag>(input); break;
    case 4: text_parsers(input); break;
    default: (void)verify_serialized_signature(IntentScope::kTransaction, input, input).ok(); break;
  }
  return 0;
}
