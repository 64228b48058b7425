# Compiler settings shared by every target, and the two helpers that declare targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

set(WALRUSFS_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (address,undefined or thread)")

# Warnings are errors on our own code only: third-party headers are SYSTEM includes.
add_library(walrusfs_options INTERFACE)
target_compile_options(walrusfs_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  -Woverloaded-virtual -Wnull-dereference -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(walrusfs_options INTERFACE -Wthread-safety -Wthread-safety-beta)
else()
  # GCC 12 sees null dereferences and overflows in inlined library code that cannot happen.
  target_compile_options(walrusfs_options INTERFACE -Wno-null-dereference -Wno-stringop-overflow
    -Wno-array-bounds -Wno-restrict -Wno-maybe-uninitialized)
endif()
target_compile_definitions(walrusfs_options INTERFACE _FILE_OFFSET_BITS=64 _GNU_SOURCE)
if(WALRUSFS_SANITIZE)
  target_compile_options(walrusfs_options INTERFACE
    -fsanitize=${WALRUSFS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(walrusfs_options INTERFACE -fsanitize=${WALRUSFS_SANITIZE})
endif()
if(WALRUSFS_FUZZ)
  target_compile_options(walrusfs_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(walrusfs_options INTERFACE "${CMAKE_SOURCE_DIR}")

# walrusfs_library(NAME SOURCES… [PUBLIC libs…] [PRIVATE libs…]): one static library per folder.
function(walrusfs_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC walrusfs_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# walrusfs_test(NAME SOURCES… LIBS… [TIMEOUT seconds] [LABELS …]): one GoogleTest program, one ctest
# entry per case. WALRUSFS_TEST_VECTORS names the folder of golden vectors.
function(walrusfs_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT WALRUSFS_TESTS)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE walrusfs_options ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    WALRUSFS_TEST_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors"
    WALRUSFS_BINARY_DIR="${CMAKE_BINARY_DIR}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
