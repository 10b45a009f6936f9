using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Attempts;

/// <summary>Sends signals to commands, each at most once, whoever is killed meanwhile.</summary>
internal sealed class AttemptSignals(AttemptTable table)
{
    /// <summary>Sends it, and says what came of it. The same order once more only says what came of it the first time.</summary>
    public async Task<string> SendAsync(long order, AttemptKey key, int signal)
    {
        if (!table.TryGet(key, out var attempt) || attempt.Run is not { Exit.IsCompleted: false } run)
            return "not sent: the command does not run.";

        // Written down before, so that after a crash it is not sent again.
        var mark = Path.Combine(attempt.Directory.Control, $"signal-{order}");
        if (FileKinds.Of(mark) != FileKind.Missing)
            return await File.ReadAllTextAsync(mark) is { Length: > 0 } known ? known : "it may have been sent: the agent was killed at that moment.";
        await File.WriteAllTextAsync(mark, "");
        string outcome;
        try
        {
            outcome = $"{Signals.Text(signal)} sent to {await run.SignalAsync(signal)}.";
        }
        catch (IOException e)
        {
            outcome = $"not sent: {e.Message}";
        }

        await File.WriteAllTextAsync(mark, outcome);
        return outcome;
    }
}
