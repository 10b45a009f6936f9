using Scitq.Agent.Disk;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>How far all transfers of one attempt are, as one text: <c>fetching 3/5 files, 1.2/4.0 GiB</c>.</summary>
internal sealed class StagingProgress(string verb, Action<string> phase, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Troubled = TimeSpan.FromSeconds(5);
    private readonly Lock _lock = new();
    private readonly List<Part> _parts = [];
    private long _told;
    private (string Text, long Bytes, long At)? _trouble;

    /// <summary>Something goes wrong and is tried again: told at once, and until it goes on.</summary>
    public void Trouble(string text)
    {
        lock (_lock) (_trouble, _told) = ((text, _parts.Sum(p => p.Last.Bytes), time.GetTimestamp()), 0);
        Report();
    }

    /// <summary>One more transfer.</summary>
    public Part Add()
    {
        var part = new Part(this);
        lock (_lock) _parts.Add(part);
        return part;
    }

    private void Report()
    {
        string text;
        lock (_lock)
        {
            if (_told != 0 && time.GetElapsedTime(_told) < Interval) return;
            _told = time.GetTimestamp();
            var bytes = _parts.Sum(p => p.Last.Bytes);
            var known = _parts.TrueForAll(p => p.Last.TotalBytes is not null);
            text = $"{verb} {_parts.Sum(p => p.Last.Files)}/{_parts.Sum(p => Math.Max(1, p.Last.TotalFiles))} files, "
                + (known ? Sizes.Text(bytes, _parts.Sum(p => p.Last.TotalBytes!.Value)) : Sizes.Text(bytes));
            if (_trouble is { } trouble)
            {
                if (bytes > trouble.Bytes && time.GetElapsedTime(trouble.At) > Troubled) _trouble = null;
                else text += $"; {trouble.Text}";
            }
        }

        phase(text);
    }

    /// <summary>One transfer.</summary>
    internal sealed class Part(StagingProgress whole) : IProgress<TransferProgress>
    {
        public TransferProgress Last { get; private set; }

        /// <summary>It is over; if nothing was reported, nothing had to be moved.</summary>
        public void Done()
        {
            lock (whole._lock)
                if (Last == default) Last = new TransferProgress(0, 0, 1, 1);
        }

        /// <summary>See <see cref="StagingProgress.Trouble"/>.</summary>
        public void Trouble(string text) => whole.Trouble(text);

        // Unlike the framework's, in place: progress is told in order.
        public void Report(TransferProgress value)
        {
            lock (whole._lock) Last = value;
            whole.Report();
        }
    }
}
