namespace Scitq.Coordinator.Batches;

/// <summary>How values are spread; times are in seconds.</summary>
internal sealed record Spread(double Median, double Min, double Max, double P95);
