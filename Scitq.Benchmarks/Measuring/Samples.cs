namespace Scitq.Benchmarks.Measuring;

internal static class Samples
{
    public static double Median(this IEnumerable<double> values) => values.Percentile(0.5);

    /// <summary>By the nearest rank; the median of an even number lies between the two in the middle.</summary>
    public static double Percentile(this IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) return double.NaN;
        if (share == 0.5 && sorted.Length % 2 == 0) return (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
