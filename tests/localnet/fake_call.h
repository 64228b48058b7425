// A request without a server.
#pragma once

#include <map>
#include <string>

#include "localnet/http_types.h"

namespace walrusfs::localnet {

struct FakeCall final : HttpCall {
  explicit FakeCall(std::string with_method = "GET", std::string with_path = "/", std::string with_query = {},
                    Bytes with_body = {})
      : method_text(std::move(with_method)),
        path_text(std::move(with_path)),
        query_text(std::move(with_query)),
        body(std::move(with_body)) {}

  const std::string& method() const override { return method_text; }
  const std::string& path() const override { return path_text; }
  const std::string& query() const override { return query_text; }
  std::optional<std::string> header(const std::string& name) const override {
    auto found = headers.find(name);
    return found == headers.end() ? std::nullopt : std::optional(found->second);
  }
  bool read_body(const ByteSink& sink) override {
    if (!body.empty()) sink(body);
    return true;
  }

  std::string method_text, path_text, query_text;
  std::map<std::string, std::string> headers;  // by the name that is asked for
  Bytes body;
};

}  // namespace walrusfs::localnet
