using System.Globalization;

namespace Scitq.Tools.CommandLine;

/// <summary>Durations as people type them: <c>900</c>, <c>15m</c>, <c>2h30m</c>, <c>1d</c>.</summary>
internal static class Duration
{
    public const string Form = "seconds or a text like 90s, 15m, 2h30m, 1d";

    /// <summary>Reads whole seconds; 0 is read too (the caller decides whether it makes sense).</summary>
    public static bool TryParse(string text, out int seconds)
    {
        seconds = 0;
        long total = 0, number = 0;
        var digits = 0;
        var lastUnit = int.MaxValue;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) && ++digits <= 9)
            {
                number = number * 10 + (text[i] - '0');
                continue;
            }

            var unit = text[i] switch { 'd' => 86400, 'h' => 3600, 'm' => 60, 's' => 1, _ => 0 };
            if (unit == 0 || digits is 0 or > 9 || unit >= lastUnit) return false;
            total += number * unit;
            (number, digits, lastUnit) = (0, 0, unit);
        }

        if (digits > 0)
        {
            if (lastUnit != int.MaxValue) return false;         // 2h30: minutes or seconds?
            total = number;
        }
        else if (lastUnit == int.MaxValue)
        {
            return false;
        }

        if (total > int.MaxValue) return false;
        seconds = (int)total;
        return true;
    }

    /// <summary>Short for people: <c>5.2s</c>, <c>3m12s</c>, <c>2h05m</c>, <c>3d04h</c>.</summary>
    public static string Show(TimeSpan span)
    {
        if (span < TimeSpan.Zero) span = TimeSpan.Zero;
        if (span.TotalSeconds < 60) return span.TotalSeconds.ToString(span.TotalSeconds < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + "s";
        if (span.TotalMinutes < 60) return $"{span.Minutes}m{span.Seconds:00}s";
        return span.TotalHours < 24 ? $"{span.Hours}h{span.Minutes:00}m" : $"{span.Days}d{span.Hours:00}h";
    }
}
