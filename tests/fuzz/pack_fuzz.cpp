// Every parser of the pack format on hostile bytes; the first byte chooses which. Texts that parse must
// print back to themselves.
#include "base/check.h"
#include "codec/pack/age.h"
#include "codec/pack/changes.h"
#include "codec/pack/frame_table.h"
#include "codec/pack/pack_reader.h"
#include "codec/pack/tar_format.h"

namespace walrusfs::pack {
namespace {

void changes_parser(ByteView input) {
  auto parsed = parse_changes(as_text(input));
  if (!parsed) return;
  ChangesWriter writer(parsed->header);
  for (const ChangesRow& row : parsed->rows) writer.add(row);
  WFS_CHECK(writer.finish() == as_text(input));
}

void frames_parser(ByteView input) {
  auto parsed = parse_frames(as_text(input));
  if (parsed) WFS_CHECK(print_frames(*parsed) == as_text(input));
}

void seek_table_parser(ByteView input) {
  auto parsed = parse_seek_table(input, input.size());
  if (parsed) WFS_CHECK(equal(print_seek_table(*parsed), input));
}

// Members that are read can be written, and are then read as the same.
void tar_parser(ByteView input) {
  auto fetch = [&](ByteRange range) -> Result<Bytes> { return to_bytes(input.subspan(range.offset, range.length)); };
  for (uint64_t at = 0; at < input.size();) {
    auto place = parse_tar_member(fetch, at, input.size());
    if (!place) return;
    WFS_CHECK(place->t_end > at && place->t_end <= input.size());
    WFS_CHECK(check_member(place->member).ok());
    at = place->t_end;
  }
}

void age_parsers(ByteView input) {
  static const AgeIdentity identity = AgeIdentity::from_secret({1});
  (void)age_head_bytes(input).ok();
  (void)age_decrypt(input, identity).ok();
  (void)AgeIdentity::parse(as_text(input)).ok();
  auto recipient = AgeRecipient::parse(as_text(input));
  if (recipient) WFS_CHECK(AgeRecipient::parse(recipient->to_string()).value() == *recipient);
}

void whole_pack(ByteView input) {
  MemorySource source(to_bytes(input));
  auto reader = PackReader::open(source, nullptr);
  if (reader) (void)(*reader)->verify().ok();
}

}  // namespace
}  // namespace walrusfs::pack

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs;
  if (size == 0) return 0;
  constexpr void (*kParsers[])(ByteView) = {pack::changes_parser, pack::frames_parser, pack::seek_table_parser,
                                            pack::tar_parser,     pack::age_parsers,   pack::whole_pack};
  kParsers[data[0] % std::size(kParsers)](ByteView(data + 1, size - 1));
  return 0;
}
