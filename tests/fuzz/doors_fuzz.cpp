// What the local network's services read of a request before they do anything: queries, paths, forms, tokens, and JSON
// from nodes and from whoever sets faults. The first byte says what the rest is. Nothing may crash, and what is taken
// has the form that was promised.
#include "base/check.h"
#include "base/testing/manual_clock.h"
#include "localnet/faults_json.h"
#include "localnet/jwt.h"
#include "localnet/multipart.h"
#include "localnet/node_json.h"
#include "localnet/query.h"
#include "tests/localnet/fake_call.h"

namespace walrusfs::localnet {
namespace {

void read_query(std::string_view text) {
  auto query = Query::parse(text, {"epochs", "permanent", "ids"}, {"ids"});
  if (!query) return;
  if (auto epochs = query->number("epochs"); epochs && *epochs)
    WFS_CHECK(parse_decimal(*query->text("epochs")) == **epochs);
  (void)query->boolean("permanent");
  WFS_CHECK(query->has("ids") == !query->all("ids").empty());
}

void read_path(std::string_view text) {
  if (auto pieces = split_path(text)) {
    size_t bytes = 0;
    for (const std::string& piece : *pieces) bytes += piece.size();
    WFS_CHECK(bytes <= text.size());
  }
}

// The boundary comes first, up to a new line.
void read_form(ByteView input) {
  const std::string_view text = as_text(input);
  const size_t end = std::min(text.find('\n'), text.size());
  (void)multipart_boundary(text.substr(0, end));
  const ByteView body = input.subspan(std::min(end + 1, input.size()));
  const auto parts = parse_multipart(text.substr(0, end), body);
  if (!parts) return;
  WFS_CHECK(parts->size() <= kMaxFormParts);
  for (const FormPart& part : *parts) {
    WFS_CHECK(!part.name.empty());
    if (part.content.empty()) continue;
    WFS_CHECK(part.content.data() >= body.data());
    WFS_CHECK(part.content.data() + part.content.size() <= body.data() + body.size());
  }
}

// Nobody without the secret gets in, and every refusal is an answer.
void show_token(std::string_view text) {
  static ManualClock clock;
  static const auto guard = [] {
    JwtOptions options;
    options.secret = "nobody knows it";
    options.verify_upload = true;
    return JwtGuard::create(options, clock).value();
  }();
  FakeCall call("PUT", "/v1/blobs");
  call.headers["Authorization"] = std::string(text);
  const auto admission = guard->admit(call, {});
  WFS_CHECK(admission.refusal && admission.refusal->status >= 400);
}

void read_fault(std::string_view text) {
  const auto rule = fault_from_json(text);
  if (!rule) return;
  static ManualClock clock;
  Faults faults(clock);
  if (!faults.set(*rule)) return;
  WFS_CHECK(rule->rate >= 0 && rule->rate <= 1 && rule->delay <= kMaxFaultDelay);
  WFS_CHECK(fault_from_json(fault_to_json(faults.list().front().rule)).value() == *rule);
}

void read_node_answers(std::string_view text) {
  (void)parse_status_answer(text);
  (void)parse_confirmation_answer(text);
  (void)parse_verdict_answer(text);
  (void)error_reason(text);
}

}  // namespace
}  // namespace walrusfs::localnet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace walrusfs;
  using namespace walrusfs::localnet;
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  switch (data[0] % 6) {
    case 0: read_query(as_text(rest)); break;
    case 1: read_path(as_text(rest)); break;
    case 2: read_form(rest); break;
    case 3: show_token(as_text(rest)); break;
    case 4: read_fault(as_text(rest)); break;
    default: read_node_answers(as_text(rest)); break;
  }
  return 0;
}
