// Package deptest holds the rules of the source tree as a whole, as tests:
// which package may import which, how large the library may grow, and that
// its exported API changes only on purpose. It has no code of its own.
package deptest
