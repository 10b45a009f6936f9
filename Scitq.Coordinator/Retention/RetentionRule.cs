using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Retention;

/// <summary>Of some batches: what ended before this time is no longer kept.</summary>
/// <param name="Before">The time.</param>
/// <param name="Batch">The only batch that is meant; null for all but <paramref name="Others"/>.</param>
/// <param name="Others">The batches that say otherwise of themselves.</param>
internal sealed record RetentionRule(DateTime Before, string? Batch, IReadOnlyList<string> Others)
{
    /// <summary>The tasks that are meant, whenever they ended.</summary>
    public IQueryable<TaskSaga> Of(IQueryable<TaskSaga> tasks) =>
        Batch is not null ? tasks.Where(t => t.Batch == Batch) : Others.Count == 0 ? tasks : tasks.Where(t => !Others.Contains(t.Batch));

    /// <summary>One rule for each batch that says something of itself, and one for all the others.</summary>
    public static IReadOnlyList<RetentionRule> All(DateTime now, TimeSpan? usual, IEnumerable<(string Batch, double? Days)> batches)
    {
        var own = batches.Where(b => b.Days is not null).ToList();
        var rules = own.ConvertAll(b => new RetentionRule(now - TimeSpan.FromDays(b.Days!.Value), b.Batch, []));
        if (usual is { } keep) rules.Add(new RetentionRule(now - keep, null, own.ConvertAll(b => b.Batch)));
        return rules;
    }
}
