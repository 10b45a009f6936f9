using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>Finds the tasks that submissions require, by number or GUID.</summary>
internal sealed class RequirementResolver(ITaskLookup lookup)
{
    /// <summary>The required tasks of each submission, in its order; tasks of one request may require each other.</summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks require each other in a ring.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<Guid>>> ResolveAsync(IReadOnlyList<SubmitTask> submitted, CancellationToken ct)
    {
        var required = await FindAsync(submitted, ct);
        var resolved = new IReadOnlyList<Guid>[submitted.Count];
        var edges = new List<(Guid, IEnumerable<Guid>)>();
        for (var i = 0; i < resolved.Length; i++)
        {
            var spec = submitted[i].Spec;
            resolved[i] = spec.Requirements.Count == 0 ? [] : [.. spec.Requirements.Select(r => required[r]).Distinct()];
            if (resolved[i].Count > 0) edges.Add((submitted[i].TaskId, resolved[i]));
        }

        return RequirementRing.Find(edges) is { } ring ? throw new RequirementRingException(ring) : resolved;
    }

    private async Task<Dictionary<string, Guid>> FindAsync(IReadOnlyList<SubmitTask> submitted, CancellationToken ct)
    {
        var texts = submitted.SelectMany(t => t.Spec.Requirements).Distinct().ToList();
        var resolved = new Dictionary<string, Guid>();
        if (texts.Count == 0) return resolved;

        var asked = texts.ToDictionary(t => t, t => TaskId.TryParse(t, out var id) ? id : throw new UnknownRequirementException(t));
        var numbers = asked.Values.Where(x => x.Number is not null).Select(x => x.Number!.Value).ToArray();
        var ids = asked.Values.Where(x => x.Guid is not null).Select(x => x.Guid!.Value).ToArray();
        var known = await lookup.ExistingAsync(numbers, ids, ct);
        var byNumber = known.ToDictionary(x => x.Number, x => x.Id);
        var existing = known.Select(x => x.Id).Concat(submitted.Select(t => t.TaskId)).ToHashSet();
        foreach (var (text, id) in asked)
        {
            if (id.Guid is { } guid && existing.Contains(guid)) resolved[text] = guid;
            else if (id.Number is { } number && byNumber.TryGetValue(number, out var found)) resolved[text] = found;
            else throw new UnknownRequirementException(text);
        }

        return resolved;
    }
}
