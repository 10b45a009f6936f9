using System.Text.Json;
using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>What may be said with an update.</summary>
internal sealed record UpdateArguments : ActionArguments
{
    /// <summary>Members of the specification as they are to be, as in a submission; null takes one away.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Set { get; init; }

    /// <summary>A substitution in the words of the command: <c>s/PATTERN/TEXT/</c>, with <c>g</c> for all matches and <c>i</c> for either case.</summary>
    public string? CommandSub { get; init; }

    /// <summary>Whether a task that runs is to be stopped and begun anew for it, and one that has ended to be relaunched.</summary>
    public bool Restart { get; init; }

    public override void Check()
    {
        base.Check();
        if (Set is not { Count: > 0 } && CommandSub is null)
            throw new InvalidRequestException("there is nothing to change: give 'set', 'command_sub' or both.");
        if (Set?.ContainsKey("id") == true) throw new InvalidRequestException("the member 'set.id' can't be changed: it names the task.");
        // Unknown members and values of a wrong kind, in the words of a submission.
        var probe = new Dictionary<string, JsonElement> { ["argv"] = JsonSerializer.SerializeToElement<string[]>([]) };
        foreach (var (name, value) in Set ?? new Dictionary<string, JsonElement>())
        {
            if (value.ValueKind != JsonValueKind.Null) probe[name] = value;
            else if (!SubmissionReader.Members(typeof(TaskSpec)).Contains(name)) probe.Add(name, value);
        }

        SubmissionReader.Read(typeof(TaskSpec), probe);
        _ = Patch();
    }

    /// <exception cref="InvalidRequestException">The substitution can't be read.</exception>
    public SpecPatch Patch()
    {
        Substitution? substitution = null;
        if (CommandSub is not null && !Substitution.TryParse(CommandSub, out substitution, out var problem))
            throw new InvalidRequestException($"command_sub '{CommandSub}' {problem}.");
        return new SpecPatch(Set ?? new Dictionary<string, JsonElement>(), substitution);
    }
}
