using System.Security.Cryptography;
using Scitq.Fetch.Archives;

namespace Scitq.Fetch.Runs;

/// <summary>Holds a file that is already there against what ENA says.</summary>
internal static class FileCheck
{
    /// <summary>The file, if it surely is what is wanted: without a known MD5 it never is.</summary>
    public static async Task<TransferredFile?> IsWholeAsync(string path, RunFile file, CancellationToken ct) =>
        file.Md5 is not null && File.Exists(path) && await ProblemAsync(path, file, ct) is null
            ? new TransferredFile(file.Name, new FileInfo(path).Length, file.Md5)
            : null;

    /// <summary>The difference between the file and what is known of it; null when there is none.</summary>
    public static async Task<string?> ProblemAsync(string path, RunFile file, CancellationToken ct)
    {
        var size = new FileInfo(path).Length;
        if (file.Size is { } expected && size != expected) return $"{size} bytes arrived instead of {expected}";
        if (file.Md5 is null) return null;
        await using var stream = Archive.Open(path);
#pragma warning disable CA5351 // MD5 is what ENA publishes; it guards against accidents here, not against attackers.
        var md5 = Convert.ToHexStringLower(await MD5.HashDataAsync(stream, ct));
#pragma warning restore CA5351
        return md5 == file.Md5 ? null : $"what arrived has the MD5 {md5} instead of {file.Md5}";
    }
}
