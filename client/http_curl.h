// The Transport over libcurl: HTTP/1.1, and HTTP/2 where TLS agrees on it. Connections are kept and used again.
//
// Safe to call from any thread; each call drives one pooled libcurl handle.
#pragma once

#include <memory>

#include "client/transport.h"

namespace walrusfs {

struct CurlOptions {
  std::string user_agent = "walrusfs";
  std::string ca_file;       // extra trusted certificates in PEM; empty: the system's
  // "sha256//…" of the one public key that an HTTPS server must have, as curl writes it; then nothing else about its
  // certificate counts. Empty: certificates must be trusted.
  std::string pinned_key;
  size_t idle_handles = 16;  // kept open for the next request, each with its connections
};

class CurlTransport final : public Transport {
 public:
  // `clock` must outlive the transport.
  static Result<std::unique_ptr<CurlTransport>> create(Clock& clock, CurlOptions options = {});
  ~CurlTransport() override;

  Result<HttpResponse> perform(const HttpRequest& request) override;

 private:
  class Pool;
  CurlTransport(Clock& clock, CurlOptions options, std::unique_ptr<Pool> pool);

  Clock& clock_;
  const CurlOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace walrusfs
