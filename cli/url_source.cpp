#include "cli/url_source.h"

#include <fmt/format.h>

#include <charconv>

#include "client/http_curl.h"
#include "client/transport.h"

namespace walrusfs::cli {
namespace {

constexpr int kPartialContent = 206;

Error bad_status(const std::string& url, int status) {
  if (status == 404) return Error(Code::kNotFound, url_origin(url) + " does not have this blob");
  const Code code = status >= 500 || status == 429 ? Code::kUnavailable : Code::kNotSupported;
  return Error(code, fmt::format("{} answered HTTP {} to a request for a range", url_origin(url), status));
}

class UrlSource final : public ByteSource {
 public:
  UrlSource(std::string url, std::unique_ptr<Transport> transport, Clock& clock)
      : url_(std::move(url)), transport_(std::move(transport)), clock_(clock) {}

  Result<uint64_t> size() override {
    if (size_ != 0) return size_;
    WFS_ASSIGN(const HttpResponse response, get({0, 1}));
    const std::string_view range = find_header(response.headers, "content-range");
    const size_t slash = range.rfind('/');
    if (slash == std::string_view::npos)
      return Error(Code::kNotSupported, url_origin(url_) + " does not tell the blob's size");
    std::from_chars(range.data() + slash + 1, range.data() + range.size(), size_);
    if (size_ == 0) return Error(Code::kNotSupported, url_origin(url_) + " does not tell the blob's size");
    return size_;
  }

  Result<Bytes> read(ByteRange range) override {
    if (range.empty()) return Bytes();
    WFS_ASSIGN(HttpResponse response, get(range));
    if (response.body.size() != range.length)
      return Error(Code::kUnavailable, url_origin(url_) + " sent too few bytes");
    return std::move(response.body);
  }

 private:
  Result<HttpResponse> get(ByteRange range) {
    HttpRequest request;
    request.url = url_;
    request.headers.push_back({"Range", fmt::format("bytes={}-{}", range.offset, range.end() - 1)});
    request.plan_body = [range](int status, const std::vector<HttpHeader>&) {
      return status == kPartialContent ? BodyPlan{0, range.length, BodyPlan::Excess::kRefuse}
                                       : BodyPlan{0, 0, BodyPlan::Excess::kStop};
    };
    request.deadline = clock_.in(request.timeouts.whole);
    WFS_ASSIGN(HttpResponse response, transport_->perform(request));
    if (response.status != kPartialContent) return bad_status(url_, response.status);
    return response;
  }

  const std::string url_;
  const std::unique_ptr<Transport> transport_;
  Clock& clock_;
  uint64_t size_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_url(const std::string& url, Clock& clock) {
  WFS_ASSIGN(auto transport, CurlTransport::create(clock));
  auto source = std::make_unique<UrlSource>(url, std::move(transport), clock);
  WFS_TRY(source->size());
  return std::unique_ptr<ByteSource>(std::move(source));
}

}  // namespace walrusfs::cli
