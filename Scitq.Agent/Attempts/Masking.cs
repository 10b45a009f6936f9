using Scitq.Agent.Logs;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>Hides secrets in what a command prints, where its task wants that.</summary>
internal sealed class Masking(AgentOptions options)
{
    /// <summary>The command is about to be started with these secrets.</summary>
    public static void Apply(Attempt attempt, IReadOnlyDictionary<string, string> secrets, Outcome outcome)
    {
        if (!attempt.Spec.MaskSecrets) return;
        attempt.Mask = OutputMask.Of(secrets.Values);
        var shown = secrets.Where(s => OutputMask.IsTooShort(s.Value)).Select(s => s.Key).Order(StringComparer.Ordinal).ToList();
        if (shown.Count == 0) return;
        var names = string.Join(", ", shown);
        outcome.Warnings.Add($"not masked in what the command printed, as its value has fewer than {OutputMask.Shortest} bytes: {names}");
    }

    /// <summary>An earlier process of this agent may have started the command: the values are on no disk but the store's, which may have changed.</summary>
    public void ApplyAgain(Attempt attempt, Outcome outcome)
    {
        if (!attempt.Spec.MaskSecrets) return;
        try
        {
            Apply(attempt, options.Secrets.Resolve(attempt.Spec.Secrets, options.Name), outcome);
        }
        catch (StartException e)
        {
            attempt.Mask = OutputMask.Everything;
            outcome.Warnings.Add($"what the command printed after the agent's restart is hidden, as its secrets can't be told any more: {e.Message}");
        }
    }
}
