namespace Scitq.Coordinator.Api.Live;

/// <summary>Something that clients look at, as they see it.</summary>
/// <param name="Batch">The batch it belongs to.</param>
/// <param name="View">What is sent.</param>
/// <param name="Text">The same as text: equal texts are no news.</param>
internal sealed record LiveRow(string Batch, object View, string Text);

/// <summary>One look at everything; it never changes.</summary>
internal sealed record LiveState(long Version, DateTime At)
{
    public static readonly LiveState Nothing = new(0, default);

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, LiveRow> Batches { get; init; } = new Dictionary<string, LiveRow>();

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, LiveRow> Workers { get; init; } = new Dictionary<string, LiveRow>();

    /// <summary>Those that a worker has in hand, by number; of very many the first.</summary>
    public IReadOnlyDictionary<string, LiveRow> Tasks { get; init; } = new Dictionary<string, LiveRow>();

    public bool IsSame(LiveState other) => IsSame(Batches, other.Batches) && IsSame(Workers, other.Workers) && IsSame(Tasks, other.Tasks);

    private static bool IsSame(IReadOnlyDictionary<string, LiveRow> some, IReadOnlyDictionary<string, LiveRow> others) =>
        some.Count == others.Count && some.All(s => others.TryGetValue(s.Key, out var other) && other.Text == s.Value.Text);
}
