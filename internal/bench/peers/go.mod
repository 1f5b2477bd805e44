module github.com/mandate-engine/mandate/internal/bench/peers

go 1.26.0

require (
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3
	github.com/gowebpki/jcs v1.0.2
	github.com/mandate-engine/mandate v0.0.0
)

replace github.com/mandate-engine/mandate => ../../..
