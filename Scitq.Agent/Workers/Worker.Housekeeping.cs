using Microsoft.Extensions.Logging;
using Scitq.Agent.Logs;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <content>What is kept on the disk, and when it goes.</content>
internal sealed partial class Worker
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);
    private readonly Repeats _notTidied;
    private volatile string? _directoryProblem;
    private string? _journalProblem;

    private int UsersOf(string resource) => _attempts.All.Count(a => a.End is null && a.Spec.Resources.Any(r => r.Text == resource || r.Plain().Text == resource));

    private string CarryOut(WorkerOrderKind order) => order switch
    {
        WorkerOrderKind.Clean => _directories.DeleteFailed(),
        WorkerOrderKind.ResetResources => _resources.Reset(),
        _ => "this agent is too old to know how",
    };

    /// <summary>Makes ready the directories of this agent, whatever tasks have made of them; what can't be is tried again, and meanwhile nothing is taken.</summary>
    private bool TryOpenDirectories()
    {
        try
        {
            _directories.Clean(_attempts.All.Select(a => a.Directory.Root));
            foreach (var attempt in _attempts.All) _directories.Narrow(attempt.Directory, OwnerOf(attempt));
            _resources.Open();
            _directoryProblem = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _directoryProblem = $"the work directory can't be used: {e.Message}";
            NotTidied(_logger, e.Message);
            return false;
        }
    }

    /// <summary>Removing much takes a while, which no heartbeat may wait for.</summary>
    private async Task TidyAsync(CancellationToken ct)
    {
        while (true)
        {
            TellOfJournal();
            try
            {
                if (_directoryProblem is not null) TryOpenDirectories();
                _leftovers.Retry(all: false, ct);
                _directories.DeleteOld();
                _room.Tidy();
                _notTidied.Over();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else cleans up at the same time.
                if (_notTidied.Says(e.Message)) NotTidied(_logger, e.Message);
            }

            await Task.Delay(_options.Heartbeat, _time, ct);
        }
    }

    /// <summary>An attempt that was given up may have left a container on an engine that did not answer then.</summary>
    private async Task RemoveStrangersAsync(CancellationToken ct)
    {
        var repeats = new Repeats(_time);
        for (var pause = TimeSpan.FromSeconds(5); ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            if (await _runtimes.RemoveStrangersAsync(_options.Name, () => _attempts.All.Select(a => a.Key.Lease).ToHashSet(), ct) is not { } problem)
            {
                repeats.Over();
                pause = TimeSpan.FromSeconds(5);
            }
            else if (_runtimes.DockerVersion is not null && repeats.Says(problem))
            {
                StrangersLeft(_logger, problem);
            }

            await Task.Delay(pause, _time, ct);
        }
    }

    private void TellOfJournal()
    {
        var problem = _journal.Problem;
        if (problem == _journalProblem) return;
        _journalProblem = problem;
        if (problem is null) JournalMended(_logger);
        else JournalFailed(_logger, problem);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal can't be written, so no task is taken: {Problem} Free space where --work-dir is; it is tried again by itself.")]
    private static partial void JournalFailed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The journal can be written again.")]
    private static partial void JournalMended(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Containers of earlier tasks can't be removed yet: {Problem}")]
    private static partial void StrangersLeft(ILogger logger, string problem);
}
