using System.Globalization;
using Scitq.Coordinator.Webhooks;
using Scitq.Hosting;

namespace Scitq.Coordinator;

/// <summary>
/// The disk of the data directory. Some of it is held by a file that is given up when everything else is full: with that room
/// running tasks can be recorded, while nothing new is taken.
/// </summary>
internal sealed partial class DataDisk(CoordinatorOptions options, DiskNotices notices, TimeProvider clock, ILogger<DataDisk> logger) : BackgroundService
{
    private const long Most = 64L * 1024 * 1024;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly Ballast _ballast = new(options.Data);
    private bool _wasShort;

    /// <summary>Why nothing new can be taken; null when there is room.</summary>
    public string? Problem { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, clock);
        do
        {
            Look();
            await notices.TellAsync(Problem, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Looks how much is free, and takes or gives room.</summary>
    public void Look()
    {
        if (Sizes() is not var (free, total)) return;
        var size = Math.Min(Most, total / 20) & ~4095L;
        var held = _ballast.IsHeld;
        if (held && free >= size / 4)
        {
            _wasShort = false;
            if (Problem is not null) HasRoom();
        }
        else if (held)
        {
            // Not at the first sight of it: whoever has filled the disk may be about to be stopped, and would fill this as well.
            if (_wasShort) _ballast.Release();
            else Log.Full(logger, Problem = Text(free, total));
            _wasShort = true;
        }
        else if (free >= 2 * size && _ballast.TryTake(size))
        {
            if (Problem is not null) HasRoom();
        }
        else
        {
            var known = Problem is not null;
            Problem = Text(free, total);
            if (!known) Log.Full(logger, Problem);
        }
    }

    private void HasRoom()
    {
        Problem = null;
        Log.RoomAgain(logger, options.Data);
    }

    private string Text(long free, long total) => string.Create(
        CultureInfo.InvariantCulture,
        $"the disk of {options.Data} is full ({free / 1048576.0:0.0} of {total / 1048576.0:0.0} MiB are free): ")
        + "what runs goes on, nothing new is taken until there is room";

    private (long Free, long Total)? Sizes()
    {
        try
        {
            var drive = new DriveInfo(options.Data);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not to be had from this file system: better to go on than to take it for full.
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Disk full: {Problem}")]
        public static partial void Full(ILogger logger, string problem);

        [LoggerMessage(2, LogLevel.Information, "The disk of {Directory} has room again")]
        public static partial void RoomAgain(ILogger logger, string directory);
    }
}
