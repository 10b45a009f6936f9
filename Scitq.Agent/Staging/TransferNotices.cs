using Microsoft.Extensions.Logging;

namespace Scitq.Agent.Staging;

/// <summary>Tells what transfers say of their troubles: to the agent's log, and to the attempt that the transfer is for.</summary>
internal sealed partial class TransferNotices(ILogger<TransferNotices> logger)
{
    public void Tell(string notice)
    {
        Log.Transferring(logger, notice);
        TransferTroubles.Tell(notice);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Transfer: {Notice}")]
        public static partial void Transferring(ILogger logger, string notice);
    }
}
