// The page at /v1/api that tells a service's routes to people.
#pragma once

#include <initializer_list>
#include <string_view>

#include "localnet/http_types.h"

namespace walrusfs::localnet {

struct ApiRoute {
  std::string_view method, path, does;
};

HttpAnswer api_page(std::string_view service, std::initializer_list<ApiRoute> routes);

}  // namespace walrusfs::localnet
