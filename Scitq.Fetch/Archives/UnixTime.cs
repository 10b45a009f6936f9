namespace Scitq.Fetch.Archives;

/// <summary>Times of archives: seconds since 1970, any number of them.</summary>
internal static class UnixTime
{
    /// <summary>Null for what is not between the years 1 and 9999.</summary>
    public static DateTime? Of(decimal seconds)
    {
        var ticks = (decimal.Floor(Math.Clamp(seconds, -1e15m, 1e15m) * TimeSpan.TicksPerSecond)) + DateTime.UnixEpoch.Ticks;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTime((long)ticks, DateTimeKind.Utc) : null;
    }
}
