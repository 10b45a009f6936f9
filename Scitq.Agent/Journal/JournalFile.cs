using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Scitq.Agent.Files;
using Scitq.Contracts;
using Scitq.Fetch.Local;

namespace Scitq.Agent.Journal;

/// <summary>The journal on the disk: a file of JSON lines that is appended to, and replaced by what is live when most of it is history.</summary>
internal sealed class JournalFile(string path) : IDisposable
{
    private const long Enough = 4 * 1024 * 1024;
    private SafeFileHandle? _file;
    private long _length;
    private long _liveBytes;
    private long _compactAbove = Enough;

    /// <summary>Whether most of it is history.</summary>
    public bool IsMostlyHistory => _length > _compactAbove && _length > 4 * _liveBytes;

    /// <summary>What is there and can be read.</summary>
    public static IEnumerable<JournalEntry> Read(string path)
    {
        // A task of the agent's own account may have put anything there, also what never ends to be read.
        if (FileKinds.Of(path) != FileKind.File) yield break;
        foreach (var line in File.ReadLines(path))
        {
            JournalEntry? entry;
            try
            {
                entry = JsonSerializer.Deserialize<JournalEntry>(line, ScitqJson.Bus);
            }
            catch (JsonException)
            {
                // A line torn by a crash: its write was never reported as done, so nobody relies on it.
                continue;
            }

            if (entry is not null) yield return entry;
        }
    }

    /// <summary>What is left of a write that failed half way is not counted: the next overwrites it.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being written is its problem, told and tried again.")]
    public bool TryAppend(ReadOnlySpan<byte> lines, bool durably, out string? problem)
    {
        try
        {
            RandomAccess.Write(_file!, lines, _length);
            if (durably) DiskFlush.Flush(_file!);
            _length += lines.Length;
            problem = null;
            return true;
        }
        catch (Exception e)
        {
            // After a flush that failed, nothing says what of the file is on the disk: only a new one is good.
            problem = e.Message;
            return false;
        }
    }

    /// <summary>Replaces the file by what is live, durably, and goes on with it. Whatever fails, the old one stays as it was, and in use.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being written is its problem, told and tried again.")]
    public bool TryReplace(Func<ArrayBufferWriter<byte>> live, out string? problem)
    {
        SafeFileHandle? file = null;
        var next = path + ".new";
        try
        {
            var lines = live();
            TreeRemoval.Remove(next);
            file = File.OpenHandle(next, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            RandomAccess.Write(file, lines.WrittenSpan, 0);
            DiskFlush.Flush(file);
            if (FileKinds.Of(path) is not (FileKind.File or FileKind.Missing)) TreeRemoval.Remove(path);
            File.Move(next, path, overwrite: true);
            _file?.Dispose();
            _file = file;
            file = null;
            _length = _liveBytes = lines.WrittenCount;
            _compactAbove = Enough;
            // The name, too: else the machine's crash could bring the old file back, without what was appended to the new one since.
            using var directory = new SafeFileHandle(Unix.OpenDirectory(Unix.CurrentDirectory, Unix.Bytes(Path.GetDirectoryName(path)!)), ownsHandle: true);
            DiskFlush.Flush(directory);
            problem = null;
            return true;
        }
        catch (Exception e)
        {
            problem = e.Message;
            file?.Dispose();
            TryDelete(next);
            return false;
        }
    }

    /// <summary>Only for the sake of room: that it can't be replaced keeps nobody from appending, and it is tried again once it has grown.</summary>
    public void Compact(Func<ArrayBufferWriter<byte>> live)
    {
        if (!TryReplace(live, out _)) _compactAbove = _length + Enough;
    }

    /// <summary>Goes on with the file of the process before, where there is no room for another.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps it from being written is its problem, told and tried again.")]
    public bool TryContinue(JournalEntry first)
    {
        try
        {
            if (FileKinds.Of(path) != FileKind.File) return false;
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.Read);
            _length = RandomAccess.GetLength(_file);
            // What follows must not be taken for the rest of a line torn by a crash.
            var lines = new ArrayBufferWriter<byte>();
            lines.Write("\n"u8);
            first.AppendTo(lines);
            return TryAppend(lines.WrittenSpan, durably: true, out _);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>What takes room on a full disk for nothing.</summary>
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Overwritten by the next.
        }
    }
}
