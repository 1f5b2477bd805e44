module github.com/mandate-engine/mandate/internal/dev/bench/peers

go 1.26.0

require (
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3
	github.com/gowebpki/jcs v1.0.2
	github.com/mandate-engine/mandate v0.0.0
	github.com/multiformats/go-multibase v0.3.0
)

require (
	filippo.io/edwards25519 v1.1.1 // indirect
	github.com/mr-tron/base58 v1.3.0 // indirect
	github.com/multiformats/go-base32 v0.1.0 // indirect
	github.com/multiformats/go-base36 v0.2.0 // indirect
)

replace github.com/mandate-engine/mandate => ../../../..
