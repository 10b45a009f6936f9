using Microsoft.Win32.SafeHandles;

namespace Scitq.Contracts;

/// <summary>Files that hold a token or a password: read only where nobody else can read them too.</summary>
public static class SecretFile
{
    private const int MaxLength = 1024 * 1024;
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OfOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite;

    /// <summary>The file's text, without blanks around it.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="mine">Whether it must belong to this very account.</param>
    /// <exception cref="ArgumentException">It can't be read, is empty, or others can read or change it; the message is one line for the user.</exception>
    public static string Read(string path, bool mine = false)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (mine && FileOwner.Of(file.SafeFileHandle) != FileOwner.Me)
                throw new ArgumentException($"the file '{path}' belongs to another account: remove it, or use another directory.");
            if (!IsPrivate(path, file.SafeFileHandle)) throw new ArgumentException(Exposed(path));
            using var reader = new StreamReader(file);
            var text = new char[MaxLength];
            var length = reader.ReadBlock(text);
            if (length == MaxLength) throw new ArgumentException($"the file '{path}' is too long to hold a secret.");
            return new string(text, 0, length).Trim() is { Length: > 0 } secret ? secret : throw new ArgumentException($"the file '{path}' is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"the file '{path}' can't be read: {e.Message}", e);
        }
    }

    /// <summary>Refuses a file that was opened for other reasons and turned out to hold a secret.</summary>
    /// <exception cref="ArgumentException">Others can read or change it.</exception>
    public static void Check(string path)
    {
        using var file = File.OpenHandle(path);
        if (!IsPrivate(path, file)) throw new ArgumentException(Exposed(path));
    }

    /// <summary>Writes the secret so that the path holds all of it or nothing, and only this account can read it.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="text">The secret.</param>
    /// <param name="replace">Whether what is there goes; otherwise that stays, and is no error.</param>
    /// <exception cref="IOException">It could not be written, or may not be on the disk: nothing of it is left.</exception>
    public static void Write(string path, string text, bool replace)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Own;
            using (var file = new FileStream(part, options))
            {
                file.Write(System.Text.Encoding.UTF8.GetBytes(text));
                file.Flush();
                DiskFlush.Flush(file.SafeFileHandle);
            }

            File.Move(part, path, replace);
        }
        catch (IOException) when (!replace && File.Exists(path))
        {
            File.Delete(part);      // another process was first
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>
    /// Whether only those may read the file who should: its owner, or root and a group that a service is in. A secret that a container or a unit is
    /// handed in <c>/run/secrets</c> has the mode its engine gives it, in a place that is no one else's.
    /// </summary>
    private static bool IsPrivate(string path, SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows() || Path.GetFullPath(path).StartsWith("/run/secrets/", StringComparison.Ordinal)) return true;
        var mode = File.GetUnixFileMode(file);
        if ((mode & OfOthers) != 0) return false;
        return (mode & UnixFileMode.GroupRead) == 0 || (FileOwner.Me != 0 && FileOwner.Of(file) == 0);
    }

    private static string Exposed(string path) =>
        $"the file '{path}' holds a secret, and others than its owner may read or change it: chmod 600 '{path}'.";
}
