using Microsoft.Extensions.Logging;
using Scitq.Agent.Disk;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>
/// Holds the disk's reserve against tasks that run: looks often how much is free, and when that is too little stops the
/// attempt that grows, or else the one that has taken the most, before the disk is full for all. Trees are walked only then.
/// </summary>
/// <param name="room">The disk.</param>
/// <param name="attempts">All attempts of this agent.</param>
/// <param name="options">How long a command has between TERM and KILL, as long as there is room for it.</param>
/// <param name="tasks">Sees how the stopping of a command ends.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told once when the disk gets full, and once when it has room again.</param>
internal sealed partial class DiskGuard(
    DiskRoom room, AttemptTable attempts, AgentOptions options, ObservedTasks tasks, TimeProvider time, ILogger<DiskGuard> logger) : IAgentPart
{
    private const long Noise = 64 * 1024;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Evidence = TimeSpan.FromMilliseconds(400);
    private Dictionary<Attempt, long>? _before;
    private Task _tidying = Task.CompletedTask;
    private long _shortSince;

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await Task.Delay(attempts.Count > 0 ? Look : Idle, time, ct);
            var free = room.Look();
            if (free < room.Reserve) await ShortAsync(free, ct);
            else if (_shortSince != 0) HasRoom();
        }
    }

    private void HasRoom()
    {
        (_shortSince, _before) = (0, null);
        Log.RoomAgain(logger);
    }

    private async Task ShortAsync(long free, CancellationToken ct)
    {
        if (_shortSince == 0)
        {
            _shortSince = time.GetTimestamp();
            Log.Full(logger, room.Problem() ?? "");
            _tidying = Task.Run(room.TryTidy, ct);
        }

        // What goes without harm goes first, if there is time for it.
        if (!_tidying.IsCompleted && free > room.Reserve / 4) return;
        if (_tidying.IsFaulted) await _tidying;
        // One at a time: what is being stopped will give room.
        if (attempts.All.FirstOrDefault(a => a is { OutOfRoom: not null, RoomGiven: false }) is { } stopping)
        {
            if (IsUrgent(free) && stopping.Run is { } run) Stop(stopping, run, TimeSpan.Zero);
            return;
        }

        var running = attempts.All.Where(a => a.Run is { Exit.IsCompleted: false }).ToList();
        if (running.Count == 0) return;
        var used = await DiskUse.MeasureAsync(running, time, ct);
        if (_before is null)
        {
            _before = used;
            return;
        }

        foreach (var (attempt, bytes) in used) _before.TryAdd(attempt, bytes);
        if (time.GetElapsedTime(_shortSince) < Evidence && free > room.Reserve / 2) return;
        free = room.Look();
        if (free < room.Reserve && Choose(used, room.Reserve - free) is { } one) Stop(one, used[one], free);
    }

    /// <summary>
    /// The one that has grown most since the disk is short; when none has, the one whose end gives most room, if that helps: the room may have been
    /// taken by others.
    /// </summary>
    private Attempt? Choose(Dictionary<Attempt, long> used, long missing)
    {
        if (used.Count == 0) return null;
        var (grown, growth) = used.Select(u => (u.Key, Growth: u.Value - _before!.GetValueOrDefault(u.Key))).MaxBy(u => u.Growth);
        if (growth >= Math.Max(Noise, missing / 10)) return grown;
        var (largest, bytes) = used.MaxBy(u => u.Value);
        return bytes >= missing / used.Count ? largest : null;
    }

    private void Stop(Attempt attempt, long used, long free)
    {
        if (attempt.Run is not { Exit.IsCompleted: false } run) return;
        attempt.OutOfRoom = $"the command was stopped because it filled the worker's disk: it has written {Sizes.Text(used)} there, "
            + $"{Sizes.Text(free)} were left, and {Sizes.Text(room.Reserve)} are to stay free (--disk-reserve). "
            + "Let it write less, free some, or run it on a larger worker.";
        Log.Stopping(logger, attempt.Number, Sizes.Text(used), Sizes.Text(free));
        Stop(attempt, run, IsUrgent(free) ? TimeSpan.Zero : options.StopGrace);
    }

    private void Stop(Attempt attempt, IRun run, TimeSpan grace) => tasks.Run($"the stopping of task {attempt.Number}", () => run.StopAsync(grace));

    private bool IsUrgent(long free) => free < room.Reserve / 4;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The {Problem}; nothing new is taken until there is room.")]
        public static partial void Full(ILogger logger, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "The disk has room again.")]
        public static partial void RoomAgain(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Stopping task {Number}: it has written {Used} to the disk, of which {Free} are left.")]
        public static partial void Stopping(ILogger logger, long number, string used, string free);
    }
}
