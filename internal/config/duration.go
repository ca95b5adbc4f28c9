package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// durations decodes the settings that are durations with decodeDuration.
func durations() kong.Option {
	return kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeDuration))
}

// decodeDuration decodes a setting that is a duration. Its error says how to write one in days.
func decodeDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("duration", &text); err != nil {
		return fmt.Errorf("read a duration: %w", err)
	}
	d, err := time.ParseDuration(text)
	if err == nil {
		target.SetInt(int64(d))
		return nil
	}
	for unit, hours := range map[string]float64{"d": 24, "w": 7 * 24, "y": 365 * 24} {
		number, found := strings.CutSuffix(text, unit)
		if d, err := time.ParseDuration(number + "h"); found && err == nil {
			return fmt.Errorf("expected a duration but got %q; write %vh", text, d.Hours()*hours)
		}
	}
	return fmt.Errorf(
		"expected a duration but got %q; write hours, minutes and seconds, as in 1h30m",
		text,
	)
}
