using System.Globalization;

namespace Scitq.Agent.Disk;

/// <summary>Bytes as people read them.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>For example <c>1.2 GiB</c>.</summary>
    public static string Text(long bytes) => $"{In(bytes, UnitOf(bytes))} {Units[UnitOf(bytes)]}";

    /// <summary>For example <c>1.2/4.0 GiB</c>.</summary>
    public static string Text(long part, long whole) => $"{In(part, UnitOf(whole))}/{Text(whole)}";

    private static int UnitOf(long bytes)
    {
        var unit = 0;
        for (var rest = bytes; rest >= 1024 && unit < Units.Length - 1; rest >>= 10) unit++;
        return unit;
    }

    private static string In(long bytes, int unit) => (bytes / (double)(1L << (10 * unit))).ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture);
}
