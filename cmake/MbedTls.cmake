# mbedtls::x509: the library NNG does TLS with; Debian 12 has no other description of it.
find_path(MBEDTLS_INCLUDE_DIR mbedtls/x509_crt.h REQUIRED)
find_library(MBEDX509_LIBRARY mbedx509 REQUIRED)
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
mark_as_advanced(MBEDTLS_INCLUDE_DIR MBEDX509_LIBRARY MBEDCRYPTO_LIBRARY)
add_library(mbedtls_x509 INTERFACE)
add_library(mbedtls::x509 ALIAS mbedtls_x509)
target_include_directories(mbedtls_x509 SYSTEM INTERFACE "${MBEDTLS_INCLUDE_DIR}")
target_link_libraries(mbedtls_x509 INTERFACE "${MBEDX509_LIBRARY}" "${MBEDCRYPTO_LIBRARY}")
