package fetchbudget

import (
	"context"
	"testing"
)

func TestSpend(t *testing.T) {
	ctx := With(context.Background(), 2)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	for i, want := range []bool{true, true, false, false} {
		if got := Spend(inner); got != want {
			t.Errorf("fetch %d: %v", i, got)
		}
	}
	if !Spend(context.Background()) {
		t.Error("a context without a budget is bounded")
	}
	if Spend(With(context.Background(), 0)) {
		t.Error("a budget of nothing is spent")
	}
}
