using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Agent.Staging;

/// <summary>A text that changes when what is behind a URI does, by size and date, as far as its transport tells without fetching it.</summary>
internal static class SourceVersion
{
    /// <summary>Null where the transport does not tell: a web server's dates are often those of the answer.</summary>
    /// <exception cref="FetchException">The source can't be asked.</exception>
    public static async Task<string?> OfAsync(Fetcher fetcher, DataUri uri, CancellationToken ct)
    {
        if (uri.Scheme is not ("file" or "s3" or "azure" or "ftp" or "ftps" or "ftpes")) return null;
        var plain = uri.At(uri.Path);
        if (await fetcher.InfoAsync(plain, ct) is { } file) return Text(file);

        // In whatever order they are listed.
        var (count, sum) = (0L, UInt128.Zero);
        await foreach (var entry in fetcher.ListAsync(plain, ct: ct))
        {
            count++;
            sum += BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{entry.Name}\0{Text(entry)}")));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{count} files {sum:x}");
    }

    private static string Text(DataEntry entry) => string.Create(CultureInfo.InvariantCulture, $"{entry.Size} {entry.Modified?.UtcTicks} {entry.Version}");
}
